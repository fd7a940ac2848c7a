"""What every page stands on: the guard, the current person, forms, paging, errors, charts."""
