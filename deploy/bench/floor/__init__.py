"""What the parts manage without Pilar, each in a process of its own: the floors that figures are measured against."""
