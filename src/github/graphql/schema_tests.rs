//! Every GraphQL document, in representative sizes, against GitHub's published schema.
