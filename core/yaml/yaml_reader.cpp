#include "yaml_reader.hpp"

#include "base64.hpp"
#include "yaml_scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>
#include <yaml.h>

namespace loong {

namespace {

constexpr std::size_t max_depth = 500;

std::size_t weight_of_text(std::string_view text) { return text.size() / 64; }

Place place_of(const yaml_mark_t& mark) {
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

std::string_view text_in(const unsigned char* bytes) {
    return bytes == nullptr ? std::string_view() : reinterpret_cast<const char*>(bytes);
}

/// How what is wrong leaves the builder; never leaves this file.
class Refused : public std::runtime_error {
public:
    Refused(Place where, const std::string& why) : std::runtime_error(why), place(where) {}
    Place place;
};

/// YAML 1.2 takes some characters for themselves that libyaml, which reads YAML 1.1, takes for the end
/// of a line, or refuses. They are hidden from it as private characters that the text does not use.
class HiddenCharacters {
public:
    /// What libyaml is to read: `text`, or a copy of it that lives as long as this.
    [[nodiscard]] std::string_view hide(std::string_view text) {
        std::size_t at = find(text, 0);
        if (at == std::string_view::npos) return text;
        choose_block(text);
        std::size_t from = 0;
        for (; at != std::string_view::npos; at = find(text, from)) {
            copy_ += text.substr(from, at - from);
            const auto which = static_cast<unsigned char>(code_at(text, at));
            copy_ += block_;
            copy_ += static_cast<char>(0x80 + which);
            from = at + length_of(which);
        }
        copy_ += text.substr(from);
        return copy_;
    }

    /// The text as it was.
    [[nodiscard]] std::string show(std::string_view text) const {
        std::string shown;
        for (;;) {
            const std::size_t at = block_.empty() ? std::string_view::npos : text.find(block_);
            shown += text.substr(0, at);
            if (at == std::string_view::npos) return shown;
            append(shown, static_cast<unsigned char>(text[at + block_.size()]) - 0x80U);
            text.remove_prefix(at + block_.size() + 1);
        }
    }

private:
    /// Next to the C1 controls, of which there are 32, that begin with \xc2.
    static constexpr std::array<std::string_view, 5> others = {
        "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf"};
    static constexpr unsigned c1_controls = 32;
    static constexpr unsigned none = c1_controls + others.size();

    static unsigned code_at(std::string_view text, std::size_t at) {
        // The text may be no UTF-8: libyaml finds that out.
        if (text[at] == '\xc2') {
            const auto second =
                at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
            return second >= 0x80 && second < 0xa0 ? second - 0x80U : none;
        }
        for (unsigned i = 0; i < others.size(); ++i) {
            if (text.substr(at, 3) == others[i]) return c1_controls + i;
        }
        return none;
    }
    static std::size_t length_of(unsigned code) { return code < c1_controls ? 2 : 3; }
    static void append(std::string& text, unsigned code) {
        if (code >= c1_controls) {
            text += others.at(code - c1_controls);
        } else {
            text += '\xc2';
            text += static_cast<char>(0x80 + code);
        }
    }

    static std::size_t find(std::string_view text, std::size_t from) {
        // A byte order mark at the very beginning is one.
        if (from == 0 && text.starts_with(others[2])) from = others[2].size();
        while (from < text.size()) {
            from = text.find_first_of("\xc2\xe2\xef", from);
            if (from == std::string_view::npos || code_at(text, from) != none) return from;
            ++from;
        }
        return std::string_view::npos;
    }

    /// 64 characters of the last plane, which begin with the same three bytes.
    void choose_block(std::string_view text) {
        for (int block = 0; block < 1000; ++block) {
            block_ = {'\xf4', static_cast<char>(0x80 + block / 64),
                      static_cast<char>(0x80 + block % 64)};
            if (text.find(block_) == std::string_view::npos) return;
        }
        throw Refused({}, "it uses too many private characters");
    }

    std::string copy_;
    std::string block_;
};

/// Builds the trees from the parser's events.
class TreeBuilder {
public:
    TreeBuilder(const YamlRules& rules, const HiddenCharacters& hidden)
        : rules_(rules),
          hidden_(hidden) {}

    [[nodiscard]] std::vector<YamlNode> take_documents() { return std::move(documents_); }

    void take(const yaml_event_t& event) {
        const Place place = place_of(event.start_mark);
        switch (event.type) {
        case YAML_SCALAR_EVENT: scalar(place, event); break;
        case YAML_ALIAS_EVENT: alias(place, text_in(event.data.alias.anchor)); break;
        case YAML_SEQUENCE_START_EVENT:
            open(place, text_in(event.data.sequence_start.tag),
                 text_in(event.data.sequence_start.anchor), YamlNode::Kind::sequence);
            break;
        case YAML_MAPPING_START_EVENT:
            open(place, text_in(event.data.mapping_start.tag),
                 text_in(event.data.mapping_start.anchor), YamlNode::Kind::mapping);
            break;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT: close(); break;
        case YAML_DOCUMENT_START_EVENT: anchors_.clear(); break;
        default: break;
        }
    }

private:
    /// A sequence or mapping that is not finished.
    struct Frame {
        YamlNode node;
        std::string anchor;
        std::size_t weight_before = 0;
        std::set<std::string, std::less<>> keys;
        bool expects_value = false;
    };
    struct Anchored {
        YamlNode node;
        std::size_t weight = 0;
    };

    static void refuse_tag(Place place, std::string_view tag) {
        if (tag.empty() || tag == "!") return;
        throw Refused(place, "the tag '" + std::string(tag) + "' has no meaning here");
    }

    void add_weight(Place place, std::size_t weight) {
        weight_ += weight;
        if (weight_ > rules_.weight_limit) throw Refused(place, "there is too much in it");
    }

    void scalar(Place place, const yaml_event_t& event) {
        const auto& found = event.data.scalar;
        const std::string_view tag = text_in(found.tag);
        const std::string_view text(reinterpret_cast<const char*>(found.value), found.length);
        YamlNode node;
        node.place = place;
        node.is_plain = found.style == YAML_PLAIN_SCALAR_STYLE && tag.empty();
        node.text = hidden_.show(text);
        if (rules_.allow_binary && tag == "tag:yaml.org,2002:binary") {
            const auto bytes = decode_base64(node.text);
            if (!bytes) throw Refused(place, "this is no valid base64");
            node.text = *bytes;
        } else if (tag != "tag:yaml.org,2002:str") {
            refuse_tag(place, tag);
        }
        if (rules_.resolve_scalars) resolve(node);
        const std::size_t weight = 1 + weight_of_text(node.text);
        add_weight(place, weight);
        remember(text_in(found.anchor), node, weight);
        attach(std::move(node));
    }

    static void resolve(YamlNode& node) {
        const std::optional<Value> scalar =
            node.is_plain ? resolve_plain_scalar(node.text) : Value(node.text);
        if (!scalar) throw Refused(node.place, "the number is too large");
        node.scalar = *scalar;
        node.scalar.set_place(node.place);
    }

    void alias(Place place, std::string_view anchor) {
        const auto known = anchors_.find(anchor);
        if (known == anchors_.end()) {
            const bool is_open = std::any_of(frames_.begin(), frames_.end(),
                                             [&](const Frame& of) { return of.anchor == anchor; });
            throw Refused(place, is_open ? "the alias stands inside of what it refers to"
                                         : fmt::format("nothing is named '&{}' before", anchor));
        }
        // Counted before it is copied: a small file can ask for very much.
        add_weight(place, known->second.weight);
        YamlNode copy = known->second.node;
        copy.place = place;
        copy.scalar.set_place(place);
        attach(std::move(copy));
    }

    void open(Place place, std::string_view tag, std::string_view anchor, YamlNode::Kind kind) {
        refuse_tag(place, tag);
        if (frames_.size() >= max_depth) throw Refused(place, "it is nested too deeply");
        Frame frame;
        frame.node.kind = kind;
        frame.node.place = place;
        frame.anchor = anchor;
        frame.weight_before = weight_;
        add_weight(place, 1);
        frames_.push_back(std::move(frame));
    }

    void close() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        remember(frame.anchor, frame.node, weight_ - frame.weight_before);
        attach(std::move(frame.node));
    }

    void remember(std::string_view anchor, const YamlNode& node, std::size_t weight) {
        if (anchor.empty()) return;
        // The copy that is kept counts too.
        add_weight(node.place, weight);
        anchors_.insert_or_assign(std::string(anchor), Anchored{node, weight});
    }

    void attach(YamlNode node) {
        if (frames_.empty()) {
            documents_.push_back(std::move(node));
            return;
        }
        Frame& frame = frames_.back();
        if (frame.node.kind == YamlNode::Kind::sequence) {
            frame.node.items.push_back(std::move(node));
        } else if (frame.expects_value) {
            frame.node.members.back().value = std::move(node);
            frame.expects_value = false;
        } else {
            add_key(frame, std::move(node));
        }
    }

    static void add_key(Frame& frame, YamlNode node) {
        if (node.kind != YamlNode::Kind::scalar) {
            throw Refused(node.place, "a key has to be a text");
        }
        if (!frame.keys.insert(node.text).second) {
            throw Refused(node.place, "key '" + node.text + "': stands here twice");
        }
        frame.node.members.push_back({std::move(node.text), node.place, {}});
        frame.expects_value = true;
    }

    const YamlRules& rules_;
    const HiddenCharacters& hidden_;
    std::vector<YamlNode> documents_;
    std::vector<Frame> frames_;
    std::map<std::string, Anchored, std::less<>> anchors_;
    std::size_t weight_ = 0;
};

/// libyaml's parser of one text.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {
        if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    ~Parser() { yaml_parser_delete(&parser_); }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    void give_all(TreeBuilder& builder) {
        for (bool more = true; more;) {
            yaml_event_t event;
            if (yaml_parser_parse(&parser_, &event) == 0) throw problem();
            const std::unique_ptr<yaml_event_t, void (*)(yaml_event_t*)> owner(&event,
                                                                               yaml_event_delete);
            more = event.type != YAML_STREAM_END_EVENT;
            builder.take(event);
        }
    }

private:
    [[nodiscard]] Refused problem() const {
        if (parser_.error == YAML_READER_ERROR) return unreadable();
        if (parser_.error == YAML_MEMORY_ERROR) return {{}, "there is no memory left to read it"};
        std::string why = parser_.problem == nullptr ? "it is no YAML" : parser_.problem;
        const Place place = place_of(parser_.problem_mark);
        if (is_tab(parser_.problem_mark)) return {place, "a tab may not indent a line; use spaces"};
        if (parser_.context != nullptr) why = fmt::format("{}, {}", why, parser_.context);
        const Place begin = place_of(parser_.context_mark);
        const bool is_elsewhere = begin.line != place.line || begin.column != place.column;
        if (parser_.context != nullptr && is_elsewhere) {
            why += fmt::format(" that begins in line {}, column {}", begin.line, begin.column);
        }
        return {place, why};
    }

    [[nodiscard]] bool is_tab(const yaml_mark_t& mark) const {
        std::size_t start = 0;
        for (std::size_t line = 0; line < mark.line; ++line) {
            start = text_.find('\n', start) + 1;
            if (start == 0) return false;
        }
        const std::string_view line = text_.substr(start, text_.find('\n', start) - start);
        return line.find_first_not_of(" \t") > mark.column && line.substr(mark.column, 1) == "\t";
    }

    /// libyaml knows no more than the byte.
    [[nodiscard]] Refused unreadable() const {
        const std::string_view before = text_.substr(0, parser_.problem_offset);
        const std::size_t line_start = before.rfind('\n') + 1;
        const auto is_first_byte = [](char c) {
            return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
        };
        const auto count = [](auto begin, auto end, auto is_counted) {
            return static_cast<std::uint32_t>(std::count_if(begin, end, is_counted) + 1);
        };
        const Place place{count(before.begin(), before.end(), [](char c) { return c == '\n'; }),
                          count(before.begin() + static_cast<std::ptrdiff_t>(line_start),
                                before.end(), is_first_byte)};
        const auto value = static_cast<unsigned>(parser_.problem_value);
        const bool is_control = value < 0x20 || value == 0x7f;
        return {place,
                is_control
                    ? fmt::format("the control character \\x{:02x} may not stand in YAML", value)
                    : "the text is not UTF-8"};
    }

    std::string_view text_;
    yaml_parser_t parser_{};
};

} // namespace

std::variant<std::vector<YamlNode>, YamlProblem> parse_yaml(std::string_view text,
                                                            const YamlRules& rules) {
    // Most commands have no configuration.
    if (text.empty()) return std::vector<YamlNode>{};
    try {
        HiddenCharacters hidden;
        Parser parser(hidden.hide(text));
        TreeBuilder builder(rules, hidden);
        parser.give_all(builder);
        return builder.take_documents();
    } catch (const Refused& caught) {
        return YamlProblem{caught.place, caught.what()};
    } catch (const std::exception& caught) {
        return YamlProblem{{}, caught.what()};
    }
}

Result<YamlNode> read_yaml(std::string_view text, const std::string& what, const std::string& file,
                           ErrorCode code) {
    const auto problem = [&](Place place, const std::string& message) {
        return Error{code, what + ' ' + describe_place(file, place) + ": " + message, {}};
    };
    auto parsed = parse_yaml(text, {});
    if (const auto* found = std::get_if<YamlProblem>(&parsed)) {
        return problem(found->place, found->why);
    }
    auto& documents = std::get<std::vector<YamlNode>>(parsed);
    if (documents.empty()) return YamlNode{};
    if (documents.size() > 1) return problem(documents[1].place, "a second document begins here");
    return std::move(documents.front());
}

bool YamlNode::is_null() const {
    if (!is_scalar() || !is_plain) return false;
    const std::optional<Value> value = resolve_plain_scalar(text);
    return value && value->is_null();
}

const YamlNode* YamlNode::find(std::string_view key) const {
    const auto member = std::find_if(members.begin(), members.end(),
                                     [&](const YamlMember& of) { return of.key == key; });
    return member == members.end() ? nullptr : &member->value;
}

Value to_value(const YamlNode& node) {
    Value value = node.scalar;
    if (node.kind == YamlNode::Kind::sequence) {
        Value::Array items;
        items.reserve(node.items.size());
        for (const YamlNode& item : node.items) items.push_back(to_value(item));
        value = Value(std::move(items));
    } else if (node.kind == YamlNode::Kind::mapping) {
        Value::Object members;
        members.reserve(node.members.size());
        for (const YamlMember& member : node.members) {
            members.emplace_back(member.key, to_value(member.value));
        }
        value = Value(std::move(members));
    }
    value.set_place(node.place);
    return value;
}

std::string describe_place(const std::string& file, Place place) {
    const std::string name = file.empty() ? "(no file)" : file;
    return place.line == 0 ? name : fmt::format("{}:{}:{}", name, place.line, place.column);
}

} // namespace loong
