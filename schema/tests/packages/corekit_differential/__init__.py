"""Generated operations, run by the planned executor and by graphql-core: the two answer the same."""
