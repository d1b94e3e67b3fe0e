"""The standard path in three verbs: ingest a video, search the library, ask a question."""
