"""What every room stands on: database, types, clock, calendar, audit, files, jobs, texts."""
