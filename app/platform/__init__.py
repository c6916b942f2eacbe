"""Our machinery, ignorant of the business: database, tenancy, access, queue, throttle, clock, secrets."""
