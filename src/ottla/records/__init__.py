"""Record batches: format v2, codecs, checksum (docs/formats/record-batch.md). Pure: bytes to bytes."""
