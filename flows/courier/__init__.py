"""The courier: notices from the outbox to channels."""
