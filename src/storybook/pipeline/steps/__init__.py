"""The steps A to H. A step takes values and returns a value; the orchestrator stores it."""
