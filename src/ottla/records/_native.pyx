# cython: language_level=3, wraparound=False, embedsignature=True
"""The compiled twin of `ottla.records.pure`: the same names, answers and errors; tests hold them together.

Every read of a batch's bytes is checked against their end by hand, in one place: `_Cursor`.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.number cimport PyNumber_Index
from libc.limits cimport INT_MAX
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from types import GenericAlias
import sys

from ottla.core.limits import MAX_DECOMPRESSED_BYTES
from ottla.records.body import records_body
from ottla.records.compression import Codec, compress
from ottla.records.errors import CorruptRecordError
from ottla.records.representation import describe, restore
from ottla.records.source import NOWHERE
from ottla.records.timestamp_type import TimestampType

cdef extern from "crc32c.h":
    void crc32c_prepare()
    uint32_t crc32c_extend(uint32_t seed, const uint8_t *data, size_t size) nogil

crc32c_prepare()


def crc32c(buffer not None, uint32_t seed=0):
    """The CRC-32C of `buffer`, unsigned; with `seed`, of what that is the CRC of followed by `buffer`."""
    cdef Py_buffer view
    if PyBytes_CheckExact(buffer):
        return crc32c_extend(seed, <const uint8_t *>PyBytes_AS_STRING(buffer), <size_t>PyBytes_GET_SIZE(buffer))
    PyObject_GetBuffer(buffer, &view, PyBUF_SIMPLE)
    seed = crc32c_extend(seed, <const uint8_t *>view.buf, <size_t>view.len)
    PyBuffer_Release(&view)
    return seed


include "native/record.pxi"
include "native/cursor.pxi"
include "native/reader.pxi"
include "native/encoding.pxi"
include "native/builder.pxi"
include "native/key_hash.pxi"
