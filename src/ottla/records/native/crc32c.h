/* CRC-32C (Castagnoli), with the processor's own instruction where it has one.
 *
 * The instruction takes three cycles to answer and can be started every cycle, so long inputs are cut into three
 * lanes that run side by side. A CRC without its inversions is linear: the state after lane B is the state before
 * it, moved on by as many zero bytes as B has, xor the state that B alone leaves. Moving on is a lookup in
 * `crc32c_lane`, whose rows are the four bytes of a state.
 */
#ifndef OTTLA_CRC32C_H
#define OTTLA_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CRC32C_LANE_BYTES 512

typedef uint32_t (*crc32c_function)(uint32_t state, const unsigned char *data, size_t size);

static uint32_t crc32c_table[256];
static uint32_t crc32c_lane[4][256];

static uint32_t crc32c_by_table(uint32_t state, const unsigned char *data, size_t size)
{
    while (size--)
        state = (state >> 8) ^ crc32c_table[(state ^ *data++) & 0xFF];
    return state;
}

static crc32c_function crc32c_states = crc32c_by_table;

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define CRC32C_INSTRUCTION __attribute__((target("sse4.2")))
#define CRC32C_8(state, word) __builtin_ia32_crc32di((state), (word))
#define CRC32C_1(state, byte) __builtin_ia32_crc32qi((uint32_t)(state), (byte))
#define CRC32C_HAS_INSTRUCTION() __builtin_cpu_supports("sse4.2")
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define CRC32C_INSTRUCTION
#define CRC32C_8(state, word) __crc32cd((uint32_t)(state), (word))
#define CRC32C_1(state, byte) __crc32cb((uint32_t)(state), (byte))
#define CRC32C_HAS_INSTRUCTION() 1
#endif

#ifdef CRC32C_INSTRUCTION
static inline uint64_t crc32c_word(const unsigned char *data)
{
    uint64_t word;
    memcpy(&word, data, 8);
    return word;
}

static inline uint32_t crc32c_moved_on(uint32_t state)
{
    return crc32c_lane[0][state & 0xFF] ^ crc32c_lane[1][state >> 8 & 0xFF] ^ crc32c_lane[2][state >> 16 & 0xFF]
        ^ crc32c_lane[3][state >> 24];
}

CRC32C_INSTRUCTION static uint32_t crc32c_by_instruction(uint32_t start, const unsigned char *data, size_t size)
{
    uint64_t state = start;
    while (size >= 3 * CRC32C_LANE_BYTES) {
        uint64_t second = 0, third = 0;
        for (size_t at = 0; at < CRC32C_LANE_BYTES; at += 8) {
            state = CRC32C_8(state, crc32c_word(data + at));
            second = CRC32C_8(second, crc32c_word(data + at + CRC32C_LANE_BYTES));
            third = CRC32C_8(third, crc32c_word(data + at + 2 * CRC32C_LANE_BYTES));
        }
        state = crc32c_moved_on((uint32_t)state) ^ second;
        state = crc32c_moved_on((uint32_t)state) ^ third;
        data += 3 * CRC32C_LANE_BYTES;
        size -= 3 * CRC32C_LANE_BYTES;
    }
    for (; size >= 8; data += 8, size -= 8)
        state = CRC32C_8(state, crc32c_word(data));
    for (; size; data++, size--)
        state = CRC32C_1(state, *data);
    return (uint32_t)state;
}
#endif

/* Once, before the first checksum. */
static void crc32c_prepare(void)
{
    static const unsigned char zeros[CRC32C_LANE_BYTES];
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t state = byte;
        for (int bit = 0; bit < 8; bit++)
            state = state >> 1 ^ (state & 1 ? 0x82F63B78u : 0);
        crc32c_table[byte] = state;
    }
    for (int row = 0; row < 4; row++)
        for (uint32_t bit = 1; bit < 256; bit <<= 1) {
            uint32_t moved_on = crc32c_by_table(bit << 8 * row, zeros, CRC32C_LANE_BYTES);
            for (uint32_t lower = 0; lower < bit; lower++)
                crc32c_lane[row][bit | lower] = crc32c_lane[row][lower] ^ moved_on;
        }
#ifdef CRC32C_INSTRUCTION
    if (CRC32C_HAS_INSTRUCTION())
        crc32c_states = crc32c_by_instruction;
#endif
}

/* The CRC of what `seed` is the CRC of, followed by `data`. */
static inline uint32_t crc32c_extend(uint32_t seed, const unsigned char *data, size_t size)
{
    return ~crc32c_states(~seed, data, size);
}

#endif
