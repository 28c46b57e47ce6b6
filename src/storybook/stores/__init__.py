"""The app stores, which alone can prove that something was paid."""
