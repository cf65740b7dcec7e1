"""What the outside must do, as Protocols in terms of domain values. Each states its resource contract."""
