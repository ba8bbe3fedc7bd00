"""What these tests need: the images of `make up`. Everything happens in projects of their own."""
