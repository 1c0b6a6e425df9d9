"""What registry shows. Nothing here locks or changes a row."""
