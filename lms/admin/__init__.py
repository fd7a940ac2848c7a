"""Pages and commands for those who run the system: rights, imports, publishing."""
