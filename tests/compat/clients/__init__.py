"""The clients of other projects, behind one face: write records to partition 0, read them back."""
