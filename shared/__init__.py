"""What the four services share: the road a fact travels, and nothing about any one family."""
