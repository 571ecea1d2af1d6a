"""Systems built on Ottla, to run, measure and read. Installed as `ottla_examples`."""
