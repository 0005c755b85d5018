#include "task_document.hpp"

#include "json.hpp"
#include "loong/notification.hpp"
#include "text.hpp"
#include "words.hpp"
#include "yaml_text.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace loong {
namespace {

/// Writes `key: value` lines.
class DocumentWriter {
public:
    void text(std::string_view key, std::string_view value) {
        begin(key);
        append_yaml_text(out_, value, 2 + indent_);
    }
    void text_unless_empty(std::string_view key, std::string_view value) {
        if (!value.empty()) text(key, value);
    }
    void integer(std::string_view key, std::int64_t value) {
        begin(key);
        append_json(out_, value);
        out_ += '\n';
    }
    void integer_unless(std::int64_t otherwise, std::string_view key, std::int64_t value) {
        if (value != otherwise) integer(key, value);
    }
    /// As `umask` prints it in a shell.
    void octal(std::string_view key, std::uint32_t value) {
        constexpr int digits = 4;
        constexpr unsigned bits = 3;
        begin(key);
        for (int digit = digits - 1; digit >= 0; --digit) {
            out_ +=
                static_cast<char>('0' + ((value >> (bits * static_cast<unsigned>(digit))) & 7U));
        }
        out_ += '\n';
    }
    void boolean(std::string_view key, bool value) {
        begin(key);
        out_ += value ? "true\n" : "false\n";
    }
    void boolean_unless(bool otherwise, std::string_view key, bool value) {
        if (value != otherwise) boolean(key, value);
    }
    void seconds(std::string_view key, Microseconds value) {
        const auto whole = std::chrono::duration_cast<Seconds>(value);
        if (whole == value) return integer(key, whole.count());
        begin(key);
        append_json(out_, std::chrono::duration<double>(value).count());
        out_ += '\n';
    }
    void texts(std::string_view key, const std::vector<std::string>& values) {
        begin(key);
        if (values.empty()) {
            out_ += "[]\n";
            return;
        }
        out_.back() = '\n';
        for (const std::string& value : values) {
            out_.append(static_cast<std::size_t>(indent_) + 2, ' ');
            out_ += "- ";
            append_yaml_text(out_, value, indent_ + 4);
        }
    }
    void variables(const std::vector<EnvironmentVariable>& values) {
        for (const EnvironmentVariable& variable : values) {
            append_yaml_key(out_, variable.name, indent_);
            out_ += ' ';
            append_yaml_text(out_, variable.value, indent_ + 2);
        }
    }
    /// What follows until close() are members of `key`, which is left out where nothing follows.
    void open(std::string_view key) {
        const std::size_t start = out_.size();
        begin(key);
        out_.back() = '\n';
        indent_ += 2;
        opened_.push_back({start, out_.size()});
    }
    void close() {
        const Opened opened = opened_.back();
        if (out_.size() == opened.members) out_.resize(opened.start);
        opened_.pop_back();
        indent_ -= 2;
    }
    void value(std::string_view key, const Value& value) {
        begin(key);
        out_.pop_back();
        append_yaml_value(out_, value, indent_ + 2);
    }
    /// A flow mapping as an item of a list: `- {name: value, …}`.
    void item(const std::vector<std::pair<std::string_view, std::string>>& members) {
        out_.append(static_cast<std::size_t>(indent_), ' ');
        out_ += "- {";
        bool first = true;
        for (const auto& [key, text] : members) {
            if (!first) out_ += ", ";
            first = false;
            out_ += key;
            out_ += ": ";
            append_yaml_scalar(out_, text);
        }
        out_ += "}\n";
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    /// Where a key begins, and where its members do.
    struct Opened {
        std::size_t start;
        std::size_t members;
    };

    void begin(std::string_view key) {
        out_.append(static_cast<std::size_t>(indent_), ' ');
        out_ += key;
        out_ += ": ";
    }

    std::string out_;
    int indent_ = 0;
    std::vector<Opened> opened_;
};

bool is_visible_to_scope_alone(const TaskDocument& document) {
    return document.visible_to.size() == 1 &&
           document.visible_to.front() == document.scope_session_id;
}

void write_identity(DocumentWriter& out, const TaskDocument& document) {
    out.integer("format", task_document_format);
    out.text("task_id", document.task_id);
    out.text("label", document.label);
    out.text("created_at", format_time(document.created_at));
    out.text("owner_session_id", document.owner_session_id);
    if (document.scope_session_id != document.owner_session_id) {
        out.text("scope_session_id", document.scope_session_id);
    }
    if (!is_visible_to_scope_alone(document)) out.texts("visible_to", document.visible_to);
    out.integer_unless(document_default::depth, "depth", document.depth);
    out.text_unless_empty("dedupe_key", document.dedupe_key);
    out.boolean_unless(document_default::hold, "hold", document.hold);
    out.integer_unless(document_default::priority, "priority", document.priority);
    out.integer_unless(document_default::retry_limit, "retry_limit", document.retry_limit);
    if (document.start_within) out.seconds("start_within_seconds", *document.start_within);
    if (document.dependencies.empty()) return;
    out.open("dependencies");
    for (const Dependency& dependency : document.dependencies) {
        out.item({{"task_id", dependency.task_id},
                  {"until", dependency.any_end ? "ended" : "completed"}});
    }
    out.close();
}

void write_runtime(DocumentWriter& out, const TaskDocument& document) {
    out.open("runtime");
    out.text("name", document.runtime);
    out.text("plugin", document.runtime_plugin);
    out.text_unless_empty("configured_in", document.runtime_settings.file);
    const Value::Object* settings = document.runtime_settings.values.as_object();
    if (settings != nullptr && !settings->empty()) {
        out.value("settings", document.runtime_settings.values);
    }
    out.close();
}

void write_work(DocumentWriter& out, const Work& work) {
    out.open("work");
    out.text("kind", to_string(work.kind));
    if (work.kind == WorkKind::command) {
        out.texts("arguments", work.arguments);
    } else {
        out.text("text", work.text);
    }
    out.text_unless_empty("source", work.source);
    out.close();
}

void write_limits(DocumentWriter& out, const SessionLimits& limits) {
    out.open("limits");
    if (limits.timeout) out.seconds("timeout_seconds", *limits.timeout);
    if (limits.grace != document_default::grace) out.seconds("grace_seconds", limits.grace);
    if (limits.max_output_bytes != document_default::max_output_bytes) {
        out.integer("max_output_bytes", static_cast<std::int64_t>(limits.max_output_bytes));
    }
    out.close();
}

void write_policy(DocumentWriter& out, const ToolPolicy& policy) {
    out.open("tool_policy");
    out.boolean_unless(document_default::network, "network", policy.network);
    out.boolean_unless(document_default::narrowed, "narrowed", policy.narrowed);
    if (policy.read_directories) out.texts("read_directories", *policy.read_directories);
    if (policy.write_directories) out.texts("write_directories", *policy.write_directories);
    if (!std::ranges::equal(policy.base_tool_ids, document_default::base_tool_ids)) {
        out.texts("base_tool_ids", policy.base_tool_ids);
    }
    if (!policy.requested_tool_ids.empty()) {
        out.texts("requested_tool_ids", policy.requested_tool_ids);
    }
    if (policy.effective_tool_ids != policy.base_tool_ids) {
        out.texts("effective_tool_ids", policy.effective_tool_ids);
    }
    if (!policy.enforced_by.empty()) out.texts("enforced_by", policy.enforced_by);
    if (!policy.rules.empty()) {
        out.open("rules");
        for (const ToolRule& rule : policy.rules) {
            std::vector<std::pair<std::string_view, std::string>> members = {
                {"tool", rule.tool}, {"decision", std::string(to_string(rule.decision))}};
            if (!rule.prefix.empty()) members.emplace_back("prefix", rule.prefix);
            out.item(members);
        }
        out.close();
    }
    out.close();
}

} // namespace

std::string write_task_document(const TaskDocument& document) {
    DocumentWriter out;
    write_identity(out, document);
    write_runtime(out, document);
    write_work(out, document.work);
    out.text("working_directory", document.working_directory);
    if (document.umask) out.octal("umask", *document.umask);
    write_limits(out, document.limits);
    write_policy(out, document.tool_policy);
    if (document.notify_attention || document.notify_terminal) {
        std::vector<std::string> on;
        if (document.notify_attention) on.emplace_back(to_string(NotifyOn::attention));
        if (document.notify_terminal) on.emplace_back(to_string(NotifyOn::terminal));
        out.texts("notify_on", on);
    }
    if (!document.secret_names.empty()) out.texts("secret_names", document.secret_names);
    if (!document.withheld_names.empty()) out.texts("withheld_names", document.withheld_names);
    if (!document.environment.empty()) {
        out.open("environment");
        out.variables(document.environment);
        out.close();
    }
    return out.take();
}

std::string write_secrets(const std::vector<EnvironmentVariable>& variables) {
    DocumentWriter out;
    out.variables(variables);
    return out.take();
}

} // namespace loong
