"""The gateway: events and alerts of others over HTTP, durable before they are answered (docs/gateway.md)."""
