def negotiations(): pass
