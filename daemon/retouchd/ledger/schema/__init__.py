"""Tables, views and how they came to be; what each column means."""
