"""Why was I told, or not."""
