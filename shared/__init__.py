"""What the four services share: messaging, HTTP, access, jobs and the database."""
