"""The vendors' wires on loopback: one ASGI application that answers as they do, breaks when told, keeps a journal."""
