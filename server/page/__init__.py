"""The pages, for people with and without JavaScript: their routes, wording, templates and files."""
