#include "config_section.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace loong {

void ConfigProblems::add(Place place, std::string_view key, const std::string& why) {
    const auto position = [](Place of) { return std::pair(of.line, of.column); };
    if (first_ && position(place_) <= position(place)) return;
    place_ = place;
    std::string message = "config " + describe_place(file_, place) + ": ";
    if (!key.empty()) message += fmt::format("key '{}': ", key);
    first_ = Error{ErrorCode::invalid_config, message + why, {}};
}

ConfigSection::ConfigSection(const YamlNode* node, std::string path, ConfigProblems& problems)
    : node_(node),
      place_(node == nullptr ? Place{} : node->place),
      path_(std::move(path)),
      problems_(&problems) {
    if (node_ == nullptr || node_->kind == YamlNode::Kind::mapping) return;
    if (!node_->is_null()) {
        problems_->add(node_->place, path_, "expected keys with values, found " + describe(*node_));
    }
    node_ = nullptr;
}

const YamlNode* ConfigSection::take(std::string_view key) {
    known_.emplace_back(key);
    if (node_ == nullptr) return nullptr;
    for (const YamlMember& member : node_->members) {
        if (member.key == key) return member.value.is_null() ? nullptr : &member.value;
    }
    return nullptr;
}

void ConfigSection::read(std::string_view key, std::string& into) {
    const YamlNode* value = take(key);
    if (value == nullptr) return;
    if (const std::string* text = value->scalar.as_string()) {
        into = *text;
    } else {
        refuse(key, "expected a text, found " + describe(*value));
    }
}

void ConfigSection::read(std::string_view key, int& into, int smallest, int largest) {
    const YamlNode* value = take(key);
    if (value == nullptr) return;
    const std::int64_t* number = value->scalar.as_integer();
    if (number != nullptr && *number >= smallest && *number <= largest) {
        into = static_cast<int>(*number);
    } else {
        refuse(key, fmt::format("expected a whole number from {} to {}, found {}", smallest,
                                largest, describe(*value)));
    }
}

void ConfigSection::read(std::string_view key, std::vector<std::string>& into) {
    const YamlNode* value = take(key);
    if (value == nullptr) return;
    if (value->kind != YamlNode::Kind::sequence) {
        refuse(key, "expected a list, found " + describe(*value));
        return;
    }
    std::vector<std::string> texts;
    for (const YamlNode& item : value->items) {
        if (item.kind == YamlNode::Kind::scalar && !item.is_null()) {
            texts.push_back(item.text);
        } else {
            problems_->add(item.place, path_of(key), "expected a text, found " + describe(item));
            return;
        }
    }
    into = std::move(texts);
}

ConfigSection ConfigSection::section(std::string_view key) {
    return {take(key), path_of(key), *problems_};
}

std::vector<const YamlMember*> ConfigSection::take_rest() {
    std::vector<const YamlMember*> rest;
    if (node_ == nullptr) return rest;
    for (const YamlMember& member : node_->members) {
        if (std::find(known_.begin(), known_.end(), member.key) == known_.end()) {
            rest.push_back(&member);
        }
    }
    for (const YamlMember* member : rest) known_.push_back(member->key);
    return rest;
}

void ConfigSection::refuse_rest() {
    const std::vector<std::string> known = known_;
    for (const YamlMember* member : take_rest()) {
        problems_->add(member->place, path_of(member->key),
                       "unknown key; " + suggest(member->key, known));
    }
}

std::string ConfigSection::path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

Place ConfigSection::place_of(std::string_view key) const {
    if (node_ == nullptr) return place_;
    for (const YamlMember& member : node_->members) {
        if (member.key == key) return member.value.place;
    }
    return place_;
}

void ConfigSection::refuse(std::string_view key, const std::string& why) {
    problems_->add(place_of(key), path_of(key), why);
}

std::string describe(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::sequence) return "a list";
    if (node.kind == YamlNode::Kind::mapping) return "keys with values";
    if (node.is_null()) return "nothing";
    const std::string text = shorten(node.text, 60);
    if (node.scalar.as_string() != nullptr) return fmt::format("the text '{}'", text);
    return node.scalar.as_bool() != nullptr ? text : "the number " + text;
}

} // namespace loong
