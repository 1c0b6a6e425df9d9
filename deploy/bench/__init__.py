"""What Pilar manages, each figure beside the floor that the same machine shows in the same run."""
