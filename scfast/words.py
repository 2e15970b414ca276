"""The SIMD word: up to 512 lanes held in vector registers, as a Numba type.

A *word* here is ``<n x i64>``, n = 1, 2, 4 or 8 machine words of 64 lanes. Arrays of words are C-contiguous uint64 arrays
(rows, n). LLVM keeps such values in AVX-512 or AVX2 registers where they exist and in scalars elsewhere, with the same bits.

Each operation is a Python function on NumPy rows with an ``@overload`` to the vector form, so kernels also run, with equal bits,
under ``NUMBA_DISABLE_JIT=1``. The operators ``& | ^ ~ +`` work on both. The width comes from the type of the argument `like`, a
tuple of n integers (:func:`like`), because kernels made by a factory would never hit the disk cache.
"""

import operator
from functools import partial
from typing import Any

import llvmlite.ir as ir
import numpy as np
from numba.core import cgutils, types
from numba.core.datamodel.models import PrimitiveModel
from numba.core.extending import register_model
from numba.extending import intrinsic, overload

LANES = 64
WIDTHS = (1, 2, 4, 8)

# strict compares annotations too, which only the typing functions carry
_vectorised = partial(overload, strict=False)


def like(n: int) -> tuple[int, ...]:
    """The witness of a width: a tuple of `n` integers, whose type tells kernels how wide a word is."""
    return (0,) * n


def aligned(rows: int, n: int) -> np.ndarray:
    """Zeros, uint64 (rows, n), starting on a cache line, so that a word never straddles two."""
    raw = np.zeros(rows * n + 8, np.uint64)
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + rows * n].reshape(rows, n)


class Word(types.Type):
    """Numba's type of a word of n x 64 lanes."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"Word({n})")


@register_model(Word)
class _WordModel(PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, fe_type: Word) -> None:
        super().__init__(manager, fe_type, _vector(fe_type.n))


def _vector(n: int) -> ir.VectorType:
    return ir.VectorType(ir.IntType(64), n)


def _splat(builder: Any, value: Any, n: int) -> Any:
    undefined = ir.Constant(_vector(n), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), n), [0] * n))


def _row(context: Any, builder: Any, array_type: Any, array: Any, i: Any, n: int) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.gep(data, [builder.mul(i, ir.Constant(i.type, n))])
    return builder.bitcast(first, ir.PointerType(_vector(n)))


def _ctpop(builder: Any, x: Any) -> Any:
    kind = ir.FunctionType(x.type, [x.type])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{x.type.count}i64"), [x])


def _binary(op: Any, instruction: str) -> None:
    @intrinsic
    def combine(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, instruction)(*args)

        return a(a, b), codegen

    @_vectorised(op)
    def typed(a: Any, b: Any) -> Any:
        if isinstance(a, Word) and isinstance(b, Word) and a.n == b.n:
            return lambda a, b: combine(a, b)
        return None


_binary(operator.and_, "and_")
_binary(operator.or_, "or_")
_binary(operator.xor, "xor")
_binary(operator.add, "add")


@intrinsic
def _not(typingctx: Any, a: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.xor(args[0], ir.Constant(args[0].type, [-1] * a.n))

    return a(a), codegen


@_vectorised(operator.invert)
def _typed_not(a: Any) -> Any:
    if isinstance(a, Word):
        return lambda a: _not(a)
    return None


@intrinsic
def _shift(typingctx: Any, a: Any, k: Any, left: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        amount = _splat(builder, args[1], a.n)
        return builder.select(args[2], builder.shl(args[0], amount), builder.lshr(args[0], amount))

    return a(a, types.int64, types.boolean), codegen


def shift_left(x: Any, k: int) -> Any:
    """Each 64-bit part of `x` shifted left by `k` bits (0..63)."""
    return x << np.uint64(k)


@_vectorised(shift_left)
def _typed_shift_left(x: Any, k: Any) -> Any:
    if isinstance(x, Word):
        return lambda x, k: _shift(x, k, True)
    return lambda x, k: x << np.uint64(k)


def rotate_left(x: Any, k: int) -> Any:
    """Each 64-bit part of `x` rotated left by `k` bits (1..63)."""
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@_vectorised(rotate_left)
def _typed_rotate_left(x: Any, k: Any) -> Any:
    if isinstance(x, Word):
        return lambda x, k: _shift(x, k, True) | _shift(x, 64 - k, False)
    return lambda x, k: (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@intrinsic
def _load(typingctx: Any, array: Any, i: Any, like: Any) -> Any:
    n = like.count

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(_row(context, builder, signature.args[0], args[0], args[1], n))
        value.align = 8
        return value

    return Word(n)(array, types.int64, like), codegen


def load(array: np.ndarray, i: Any, like: tuple[int, ...]) -> Any:
    """Row `i` of a C-contiguous uint64 array (rows, n) as a word."""
    return array[i].copy()


@_vectorised(load)
def _typed_load(array: Any, i: Any, like: Any) -> Any:
    return lambda array, i, like: _load(array, i, like)


@intrinsic
def _store(typingctx: Any, array: Any, i: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        done = builder.store(args[2], _row(context, builder, signature.args[0], args[0], args[1], value.n))
        done.align = 8
        return context.get_dummy_value()

    return types.void(array, types.int64, value), codegen


def store(array: np.ndarray, i: Any, value: Any) -> None:
    """Write a word into row `i` of a C-contiguous uint64 array (rows, n)."""
    array[i] = value


@_vectorised(store)
def _typed_store(array: Any, i: Any, value: Any) -> Any:
    return lambda array, i, value: _store(array, i, value)


@intrinsic
def _broadcast(typingctx: Any, x: Any, like: Any) -> Any:
    n = like.count

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], n)

    return Word(n)(types.uint64, like), codegen


def broadcast(x: Any, like: tuple[int, ...]) -> Any:
    """The word whose every 64-bit part is the uint64 `x`."""
    return np.full(len(like), x, np.uint64)


@_vectorised(broadcast)
def _typed_broadcast(x: Any, like: Any) -> Any:
    return lambda x, like: _broadcast(x, like)


@intrinsic
def _any_set(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        nonzero = builder.icmp_unsigned("!=", args[0], ir.Constant(args[0].type, [0] * x.n))
        mask = builder.bitcast(nonzero, ir.IntType(x.n))
        return builder.icmp_unsigned("!=", mask, ir.Constant(ir.IntType(x.n), 0))

    return types.boolean(x), codegen


def any_set(x: Any) -> bool:
    """Whether any bit of the word is set."""
    return bool(x.any())


@_vectorised(any_set)
def _typed_any_set(x: Any) -> Any:
    return lambda x: _any_set(x)


@intrinsic
def _popcounts(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _ctpop(builder, args[0])

    return x(x), codegen


def popcounts(x: Any) -> Any:
    """Number of set bits in each 64-bit part of the word, as a word."""
    return np.bitwise_count(x).astype(np.uint64)


@_vectorised(popcounts)
def _typed_popcounts(x: Any) -> Any:
    return lambda x: _popcounts(x)


@intrinsic
def _total(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(64), [args[0].type])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.add.v{x.n}i64"), args)

    return types.int64(x), codegen


def total(x: Any) -> int:
    """Sum of the 64-bit parts of the word, as numbers."""
    return int(x.sum())


@_vectorised(total)
def _typed_total(x: Any) -> Any:
    return lambda x: _total(x)


@intrinsic
def _add_counts(typingctx: Any, out: Any, i: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        narrow = ir.VectorType(ir.IntType(32), x.n)
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        first = builder.gep(data, [builder.mul(args[1], ir.Constant(args[1].type, x.n))])
        place = builder.bitcast(first, ir.PointerType(narrow))
        old = builder.load(place)
        old.align = 4
        done = builder.store(builder.add(old, builder.trunc(_ctpop(builder, args[2]), narrow)), place)
        done.align = 4
        return context.get_dummy_value()

    return types.void(out, types.int64, x), codegen


def add_counts(out: np.ndarray, i: Any, x: Any) -> None:
    """Add the number of set bits in each 64-bit part of the word to row `i` of a C-contiguous uint32 array (rows, n)."""
    out[i] += np.bitwise_count(x)


@_vectorised(add_counts)
def _typed_add_counts(out: Any, i: Any, x: Any) -> Any:
    return lambda out, i, x: _add_counts(out, i, x)


@intrinsic
def _lowest_set(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


def lowest_set(x: Any) -> int:
    """Position of the lowest set bit of a uint64 that is not 0."""
    return (int(x) & -int(x)).bit_length() - 1


@_vectorised(lowest_set)
def _typed_lowest_set(x: Any) -> Any:
    return lambda x: _lowest_set(x)


@intrinsic
def _prefetch(typingctx: Any, array: Any, i: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, args[0])
        stride = builder.extract_value(made.shape, 1) if array.ndim == 2 else ir.Constant(args[1].type, 1)
        place = builder.bitcast(builder.gep(made.data, [builder.mul(args[1], stride)]), ir.PointerType(ir.IntType(8)))
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, flag, flag, flag])
        hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(hint, [place, flag(0), flag(3), flag(1)])  # for reading, into the nearest cache, as data
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


def prefetch(array: np.ndarray, i: Any) -> None:
    """Ask for entry `i` of a C-contiguous array, or row `i` of one of two dimensions, ahead of its use; changes nothing."""


@_vectorised(prefetch)
def _typed_prefetch(array: Any, i: Any) -> Any:
    return lambda array, i: _prefetch(array, i)


@intrinsic
def _spread(typingctx: Any, out: Any, first: Any, digits: Any, weight: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bytes_, words = ir.VectorType(ir.IntType(8), LANES), ir.VectorType(ir.IntType(32), LANES)
        count = ir.Constant(bytes_, [0] * LANES)
        for d in range(digits.count):
            flags = builder.bitcast(builder.extract_value(args[2], d), ir.VectorType(ir.IntType(1), LANES))
            bit = ir.Constant(bytes_, [1 << d] * LANES)
            count = builder.or_(count, builder.select(flags, bit, ir.Constant(bytes_, [0] * LANES)))
        undefined = ir.Constant(words, ir.Undefined)
        shift = builder.insert_element(undefined, builder.trunc(args[3], ir.IntType(32)), ir.Constant(ir.IntType(32), 0))
        shifts = builder.shuffle_vector(shift, undefined, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), ir.PointerType(words))
        old = builder.load(place)
        old.align = 4
        first_time = builder.icmp_unsigned("==", args[3], ir.Constant(args[3].type, 0))
        before = builder.select(first_time, ir.Constant(words, [0] * LANES), old)
        done = builder.store(builder.add(before, builder.shl(builder.zext(count, words), shifts)), place)
        done.align = 4
        return context.get_dummy_value()

    return types.void(out, types.int64, digits, types.int64), codegen


def spread(out: np.ndarray, first: Any, digits: tuple[Any, ...], weight: Any) -> None:
    """Numbers given in base 2, as ``out[first : first + 64]`` if `weight` is 0, added to what is there otherwise.

    Bit `l` of ``digits[d]``, of up to eight uint64, is worth ``2**(weight + d)`` in lane `l`; `out` is int32, 1-D, contiguous.
    """
    if weight == 0:
        out[first : first + LANES] = 0
    for d, bits in enumerate(digits):
        flags = (np.uint64(bits) >> np.arange(LANES, dtype=np.uint64)) & np.uint64(1)
        out[first : first + LANES] += flags.astype(np.int32) << np.int32(weight + d)


@_vectorised(spread)
def _typed_spread(out: Any, first: Any, digits: Any, weight: Any) -> Any:
    return lambda out, first, digits, weight: _spread(out, first, digits, weight)
