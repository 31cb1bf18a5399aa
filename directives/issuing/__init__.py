"""From a reading to a document, and from directives to obligations (交办): at once, or part by part where they are many."""
