"""Assembly: one schema from the core's types and what the enabled plugins bring, or one error with all problems."""
