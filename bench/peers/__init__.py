"""What corekit is measured beside: other GraphQL servers, which answer the same page over the same tables."""
