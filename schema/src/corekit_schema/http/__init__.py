"""GraphQL over HTTP: a small handler of our own on Starlette, and the pages around it."""
