"""What each part of the offline set adds to answers about real films."""
