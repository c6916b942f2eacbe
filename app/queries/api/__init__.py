"""The lists of the JSON API: one page of rows whose columns are named as the fields of the answer."""
