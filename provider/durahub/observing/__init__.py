"""What a server tells of itself as numbers and states: values that every layer may fill, and none reads."""
