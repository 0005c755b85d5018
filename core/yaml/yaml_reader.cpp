#include "yaml_reader.hpp"

#include "text.hpp"
#include "yaml_scalar.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace loong {

namespace {

/// What a whole tree may weigh, aliases expanded: a node weighs one and its text a little.
constexpr std::size_t weight_limit = 200'000;

std::size_t weight_of_text(std::string_view text) { return text.size() / 64; }

Place place_of(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

/// What the builder throws through the parser.
class Refused : public std::runtime_error {
public:
    Refused(const YAML::Mark& mark, const std::string& why)
        : std::runtime_error(why),
          place(place_of(mark)) {}
    Place place;
};

/// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
public:
    [[nodiscard]] YamlNode take_root() { return std::move(root_); }

    /// What was opened last and is not closed yet, where the parser's own place lies before what it
    /// has told already: that is how it reports an end that is missing.
    [[nodiscard]] std::optional<Place> unclosed(Place place) const {
        const auto position = [](Place of) { return std::pair(of.line, of.column); };
        if (frames_.empty() || position(place) >= position(last_)) return std::nullopt;
        return frames_.back().node.place;
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) throw Refused(mark, "a second document begins here");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode node;
        node.place = place_of(mark);
        finish(mark, std::move(node), anchor, 1);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        YamlNode node;
        node.place = place_of(mark);
        const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
        if (!quoted) refuse_tag(mark, tag);
        const std::optional<Value> scalar = quoted ? Value(text) : resolve_plain_scalar(text);
        if (!scalar) throw Refused(mark, "the number is too large");
        node.scalar = *scalar;
        node.scalar.set_place(node.place);
        node.text = text;
        finish(mark, std::move(node), anchor, 1 + weight_of_text(text));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto known = anchors_.find(anchor);
        if (known == anchors_.end()) {
            throw Refused(mark, "the alias stands inside of what it refers to");
        }
        // Counted before it is copied: a small file can ask for very much.
        add_weight(mark, known->second.weight);
        YamlNode copy = known->second.node;
        copy.place = place_of(mark);
        copy.scalar.set_place(copy.place);
        attach(mark, std::move(copy));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, anchor, YamlNode::Kind::sequence);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open(mark, tag, anchor, YamlNode::Kind::mapping);
    }
    void OnMapEnd() override { close(); }

private:
    /// A sequence or mapping that is not finished.
    struct Frame {
        YamlNode node;
        YAML::Mark mark;
        YAML::anchor_t anchor = 0;
        std::size_t weight_before = 0;
        std::set<std::string> keys;
        bool expects_value = false;
    };
    struct Anchored {
        YamlNode node;
        std::size_t weight = 0;
    };

    static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?") return;
        throw Refused(mark, "the tag '" + tag + "' has no meaning here");
    }

    void add_weight(const YAML::Mark& mark, std::size_t weight) {
        weight_ += weight;
        if (weight_ > weight_limit) throw Refused(mark, "there is too much in it");
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YamlNode::Kind kind) {
        if (tag != "!") refuse_tag(mark, tag);
        Frame frame;
        frame.node.kind = kind;
        frame.node.place = place_of(mark);
        frame.mark = mark;
        frame.anchor = anchor;
        frame.weight_before = weight_;
        last_ = frame.node.place;
        add_weight(mark, 1);
        frames_.push_back(std::move(frame));
    }

    void close() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        remember(frame.anchor, frame.node, weight_ - frame.weight_before);
        attach(frame.mark, std::move(frame.node));
    }

    void finish(const YAML::Mark& mark, YamlNode node, YAML::anchor_t anchor, std::size_t weight) {
        add_weight(mark, weight);
        last_ = node.place;
        remember(anchor, node, weight);
        attach(mark, std::move(node));
    }

    void remember(YAML::anchor_t anchor, const YamlNode& node, std::size_t weight) {
        if (anchor == 0) return;
        // The copy that is kept counts too.
        add_weight({}, weight);
        anchors_[anchor] = {node, weight};
    }

    void attach(const YAML::Mark& mark, YamlNode node) {
        if (frames_.empty()) {
            root_ = std::move(node);
            return;
        }
        Frame& frame = frames_.back();
        if (frame.node.kind == YamlNode::Kind::sequence) {
            frame.node.items.push_back(std::move(node));
        } else if (frame.expects_value) {
            frame.node.members.back().value = std::move(node);
            frame.expects_value = false;
        } else {
            add_key(mark, frame, node);
        }
    }

    static void add_key(const YAML::Mark& mark, Frame& frame, const YamlNode& node) {
        if (node.kind != YamlNode::Kind::scalar) {
            throw Refused(mark, "a key has to be a text");
        }
        if (!frame.keys.insert(node.text).second) {
            throw Refused(mark, "key '" + node.text + "': stands here twice");
        }
        frame.node.members.push_back({node.text, node.place, {}});
        frame.expects_value = true;
    }

    YamlNode root_;
    Place last_;
    std::vector<Frame> frames_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t weight_ = 0;
    int documents_ = 0;
};

/// yaml-cpp takes some control characters for the end of the text, and reads bytes that are no UTF-8
/// as something else.
std::optional<std::pair<Place, std::string>> find_bad_byte(std::string_view text) {
    Place place{1, 1};
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == '\n') {
            if (!is_utf8(text.substr(line_start, i - line_start))) break;
            line_start = i + 1;
            ++place.line;
        } else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f) {
            place.column = static_cast<std::uint32_t>(i - line_start + 1);
            return {{place, fmt::format("the control character \\x{:02x} may not stand in YAML",
                                        static_cast<unsigned>(byte))}};
        }
    }
    const std::string_view line = text.substr(line_start, text.find('\n', line_start) - line_start);
    if (is_utf8(line)) return std::nullopt;
    // A character has at most four bytes.
    std::size_t length = 0;
    for (std::size_t size = 1; size <= 4 && length < line.size();) {
        const bool whole = is_utf8(line.substr(length, size));
        if (whole) length += size;
        size = whole ? 1 : size + 1;
    }
    place.column = static_cast<std::uint32_t>(length + 1);
    return {{place, "the text is not UTF-8"}};
}

} // namespace

Result<YamlNode> read_yaml(std::string_view text, const std::string& what, const std::string& file,
                           ErrorCode code) {
    const auto problem = [&](Place place, const std::string& message) {
        return Error{code, what + ' ' + describe_place(file, place) + ": " + message, {}};
    };
    // Most commands have no configuration, and setting a parser up costs them most of the time.
    if (text.empty()) return YamlNode{};
    if (const auto bad = find_bad_byte(text)) return problem(bad->first, bad->second);
    TreeBuilder builder;
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Refused& caught) {
        return problem(caught.place, caught.what());
    } catch (const YAML::DeepRecursion& caught) {
        return problem(place_of(caught.mark), "it is nested too deeply");
    } catch (const YAML::Exception& caught) {
        const Place place = place_of(caught.mark);
        if (const auto unclosed = builder.unclosed(place)) {
            return problem(*unclosed, caught.msg + " for what begins here");
        }
        return problem(place, caught.msg);
    } catch (const std::exception& caught) {
        return problem({}, caught.what());
    }
    return builder.take_root();
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
