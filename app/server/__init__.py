"""What the server does besides pages: routes and middleware, and the garbage collector."""
