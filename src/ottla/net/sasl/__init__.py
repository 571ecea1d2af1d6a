"""SASL from the client's side: mechanisms without I/O, and the exchange that carries them."""
