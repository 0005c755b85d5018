#include "base64.hpp"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/binary_from_base64.hpp>
#include <boost/archive/iterators/dataflow_exception.hpp>
#include <boost/archive/iterators/transform_width.hpp>

#include <string>

namespace loong {

namespace iterators = boost::archive::iterators;

std::string encode_base64(std::string_view bytes) {
    using Encoder = iterators::base64_from_binary<iterators::transform_width<const char*, 6, 8>>;
    // The last group is made of whole bytes, which the iterators would read beyond the end for.
    std::string whole(bytes);
    const std::size_t padding = (3 - bytes.size() % 3) % 3;
    whole.append(padding, '\0');
    std::string text(Encoder(whole.data()), Encoder(whole.data() + whole.size()));
    text.replace(text.size() - padding, padding, padding, '=');
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    using Decoder = iterators::transform_width<iterators::binary_from_base64<const char*>, 8, 6>;
    std::string encoded(text);
    std::erase_if(encoded, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
    if (encoded.size() % 4 != 0) return std::nullopt;
    std::string digits = encoded;
    const std::size_t padding = digits.ends_with("==") ? 2 : digits.ends_with("=") ? 1 : 0;
    digits.replace(digits.size() - padding, padding, padding, 'A');
    try {
        std::string bytes(Decoder(digits.data()), Decoder(digits.data() + digits.size()));
        bytes.resize(bytes.size() - padding);
        // There is one way only to write the bytes; others may have been damaged.
        if (encode_base64(bytes) != encoded) return std::nullopt;
        return bytes;
    } catch (const iterators::dataflow_exception&) {
        return std::nullopt;
    }
}

} // namespace loong
