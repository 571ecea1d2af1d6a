"""The compiled twin of the records floor's hot paths, built where it can be; all else is in pyproject.toml.

It is optional: without Cython, a compiler or Python's headers the installation goes on, and Ottla works in Python.
OTTLA_PURE=1 leaves it out, for a wheel that fits every platform.
"""

import os
from glob import glob

from setuptools import Extension, setup

native = Extension(
    "ottla.records._native",
    ["src/ottla/records/_native.pyx"],
    include_dirs=["src/ottla/records/native"],
    depends=glob("src/ottla/records/native/*"),
    extra_compile_args=["-g0"],  # a fifth of the size
    optional=True,
)

setup(
    ext_modules=[] if os.environ.get("OTTLA_PURE") else [native],
    options={"build_ext": {"cython_c_in_temp": True}},
)
