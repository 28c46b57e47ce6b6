"""A bench that kills, stops and starts the service while it makes books, and compares what was promised with what was
seen.
"""
