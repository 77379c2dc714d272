"""Another number of workers for a running job: stop for a savepoint in parts, change the number, start, compare, or go back."""
