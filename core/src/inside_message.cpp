#include "inside_message.hpp"

#include "json.hpp"
#include "summary_codec.hpp"
#include "words.hpp"

#include <algorithm>
#include <utility>

namespace loong::inside {

namespace {

Error bad(const std::string& why) {
    return {ErrorCode::invalid_argument, "message from inside the work: " + why,
            "use the loong of this installation"};
}

/// Takes the members of an object, one after the other; whatever is wrong is kept until the end.
class Members {
public:
    explicit Members(const Value& value) : object_(value.as_object()) {
        if (object_ == nullptr) wrong_ = "an object was expected";
    }

    void take(const char* key, std::string& into) {
        if (const Value* value = next(key)) set(key, value->as_string(), into);
    }
    void take(const char* key, bool& into) {
        if (const Value* value = next(key)) set(key, value->as_bool(), into);
    }
    template <typename Number>
    void take_number(const char* key, Number& into) {
        std::int64_t number = 0;
        const Value* value = next(key);
        if (value == nullptr) return;
        set(key, value->as_integer(), number);
        into = static_cast<Number>(number);
    }
    template <typename Number>
    void take_number(const char* key, std::optional<Number>& into) {
        if (has(key)) take_number(key, into.emplace());
    }
    template <typename Duration>
    void take_duration(const char* key, std::optional<Duration>& into) {
        std::int64_t count = 0;
        if (!has(key)) return;
        take_number(key, count);
        into = Duration(count);
    }
    void take(const char* key, std::vector<std::string>& into) {
        for_each(key, [&](const Value& item) { set(key, item.as_string(), into.emplace_back()); });
    }
    template <typename Read>
    void for_each(const char* key, Read read) {
        const Value* value = next(key);
        if (value == nullptr) return;
        const Value::Array* items = value->as_array();
        if (items == nullptr) return fail(key);
        for (const Value& item : *items) read(item);
    }
    template <typename Enumeration>
    void take_word(const char* key, Enumeration& into, Enumeration last) {
        std::string word;
        if (!has(key)) return;
        take(key, word);
        const auto found = enumeration_of(word, last);
        if (found) {
            into = *found;
        } else {
            fail(key);
        }
    }
    const Value* next(const char* key) {
        taken_.emplace_back(key);
        if (object_ == nullptr) return nullptr;
        for (const auto& [name, value] : *object_) {
            if (name == key) return &value;
        }
        return nullptr;
    }
    void fail(const char* key) {
        if (wrong_.empty()) wrong_ = std::string("'") + key + "' is not what it should be";
    }

    /// Empty where all was well.
    [[nodiscard]] std::string wrong() const {
        if (!wrong_.empty()) return wrong_;
        for (const auto& [name, value] : *object_) {
            if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) {
                return "unknown member";
            }
        }
        return {};
    }
    void absorb(const Members& inner) {
        if (wrong_.empty()) wrong_ = inner.wrong();
    }

private:
    [[nodiscard]] bool has(const char* key) const {
        return object_ != nullptr && std::any_of(object_->begin(), object_->end(),
                                                 [&](const auto& one) { return one.first == key; });
    }
    template <typename Given, typename Into>
    void set(const char* key, const Given* given, Into& into) {
        if (given == nullptr) return fail(key);
        into = *given;
    }

    const Value::Object* object_ = nullptr;
    std::vector<std::string> taken_;
    std::string wrong_;
};

Value strings(const std::vector<std::string>& texts) {
    return {Value::Array(texts.begin(), texts.end())};
}

Value tools_value(const ToolNarrowing& tools) {
    Value::Array rules;
    for (const ToolRule& rule : tools.rules) {
        Value one;
        one.set("tool", rule.tool);
        one.set("decision", to_string(rule.decision));
        one.set("prefix", rule.prefix);
        rules.push_back(std::move(one));
    }
    Value value;
    value.set("rules", std::move(rules));
    value.set("read", strings(tools.read));
    value.set("write", strings(tools.write));
    value.set("no_network", tools.no_network);
    return value;
}

void read_tools(Members& outer, const Value& value, ToolNarrowing& tools) {
    Members members(value);
    members.for_each("rules", [&](const Value& item) {
        Members one(item);
        ToolRule& rule = tools.rules.emplace_back();
        one.take("tool", rule.tool);
        one.take_word("decision", rule.decision, ToolDecision::deny);
        one.take("prefix", rule.prefix);
        outer.absorb(one);
    });
    members.take("read", tools.read);
    members.take("write", tools.write);
    members.take("no_network", tools.no_network);
    outer.absorb(members);
}

Value work_value(const Work& work) {
    Value value;
    value.set("kind", to_string(work.kind));
    value.set("text", work.text);
    value.set("arguments", strings(work.arguments));
    value.set("source", work.source);
    return value;
}

void read_work(Members& outer, const Value& value, Work& work) {
    Members members(value);
    members.take_word("kind", work.kind, WorkKind::plan);
    members.take("text", work.text);
    members.take("arguments", work.arguments);
    members.take("source", work.source);
    outer.absorb(members);
}

Value create_value(const CreateRequest& request) {
    Value value;
    value.set("verb", "create");
    value.set("work", work_value(request.work));
    value.set("label", request.label);
    if (request.timeout) value.set("timeout_seconds", std::int64_t{request.timeout->count()});
    if (request.start_within) {
        value.set("start_within_seconds", std::int64_t{request.start_within->count()});
    }
    if (request.grace) value.set("grace_us", std::int64_t{request.grace->count()});
    value.set("runtime", request.runtime);
    value.set("working_directory", request.working_directory);
    value.set("environment", strings(request.environment));
    Value::Array variables;
    if (request.submitter_environment) {
        for (const EnvironmentVariable& variable : *request.submitter_environment) {
            variables.emplace_back(variable.name + "=" + variable.value);
        }
    }
    value.set("submitter_environment", std::move(variables));
    if (request.umask) value.set("umask", std::int64_t{*request.umask});
    value.set("after", strings(request.after));
    value.set("after_any", strings(request.after_any));
    value.set("priority", request.priority);
    value.set("retry", request.retry);
    value.set("hold", request.hold);
    value.set("dedupe_key", request.dedupe_key);
    if (request.max_output_bytes) value.set("max_output_bytes", *request.max_output_bytes);
    value.set("tools", tools_value(request.tools));
    return value;
}

CreateRequest read_create(Members& members) {
    CreateRequest request;
    if (const Value* work = members.next("work")) read_work(members, *work, request.work);
    members.take("label", request.label);
    members.take_duration("timeout_seconds", request.timeout);
    members.take_duration("start_within_seconds", request.start_within);
    members.take_duration("grace_us", request.grace);
    members.take("runtime", request.runtime);
    members.take("working_directory", request.working_directory);
    // Relative to what? The worker stands elsewhere.
    if (!request.working_directory.starts_with('/')) members.fail("working_directory");
    members.take("environment", request.environment);
    // Never the worker's own.
    auto& variables = request.submitter_environment.emplace();
    members.for_each("submitter_environment", [&](const Value& item) {
        const std::string* text = item.as_string();
        const std::size_t equals = text == nullptr ? std::string::npos : text->find('=');
        if (equals == std::string::npos || equals == 0) {
            return members.fail("submitter_environment");
        }
        variables.push_back({text->substr(0, equals), text->substr(equals + 1)});
    });
    members.take_number("umask", request.umask);
    members.take("after", request.after);
    members.take("after_any", request.after_any);
    members.take_number("priority", request.priority);
    members.take_number("retry", request.retry);
    members.take("hold", request.hold);
    members.take("dedupe_key", request.dedupe_key);
    members.take_number("max_output_bytes", request.max_output_bytes);
    if (const Value* tools = members.next("tools")) read_tools(members, *tools, request.tools);
    return request;
}

Value created_value(const CreateResult& created) {
    const TaskRow& row = created.task.row;
    Value value;
    value.set("summary", encode_summary(row.summary));
    value.set("status", to_string(row.task_status.status));
    value.set("display", row.task_status.display);
    value.set("reason", row.task_status.reason);
    value.set("next_commands", strings(row.task_status.next_commands));
    value.set("tool_narrowing_active", row.task_status.tool_narrowing_active);
    value.set("existing", created.existing);
    value.set("withheld", strings(created.withheld_environment));
    value.set("warnings", strings(created.warnings));
    return value;
}

CreateResult read_created(Members& outer, const Value& value) {
    CreateResult created;
    Members members(value);
    std::string summary;
    members.take("summary", summary);
    if (Result<TaskSummary> decoded = decode_summary(summary)) {
        created.task.row.summary = *std::move(decoded);
        created.task.row.task_id = created.task.row.summary.task_id;
    } else {
        members.fail("summary");
    }
    TaskStatus& status = created.task.row.task_status;
    members.take_word("status", status.status, Status::unknown);
    members.take("display", status.display);
    members.take("reason", status.reason);
    members.take("next_commands", status.next_commands);
    if (!status.next_commands.empty()) status.next_command = status.next_commands.front();
    members.take("tool_narrowing_active", status.tool_narrowing_active);
    status.next_action = NextAction::wait;
    members.take("existing", created.existing);
    members.take("withheld", created.withheld_environment);
    members.take("warnings", created.warnings);
    outer.absorb(members);
    return created;
}

std::string text_of(const Value& value) {
    std::string text;
    append_json(text, value);
    text += '\n';
    return text;
}

} // namespace

bool is_message_name(std::string_view name) noexcept {
    return name.size() >= 16 && name.size() <= 32 &&
           name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string write_request(const Request& request) {
    Value value;
    if (const auto* report = std::get_if<ReportRequest>(&request)) {
        value.set("verb", "report");
        if (report->percent) value.set("percent", *report->percent);
        value.set("note", report->note);
        if (report->state) value.set("state", to_string(*report->state));
    } else if (const auto* question = std::get_if<AskRequest>(&request)) {
        value.set("verb", "ask");
        value.set("kind", to_string(question->kind));
        value.set("question", question->question);
        value.set("detail", question->detail);
        value.set("key", question->key);
        if (question->expires_after) {
            value.set("expires_seconds", std::int64_t{question->expires_after->count()});
        }
    } else {
        value = create_value(std::get<CreateRequest>(request));
    }
    return text_of(value);
}

Result<Request> read_request(std::string_view text) {
    if (text.size() > longest_message) return bad("it is longer than 16 MiB");
    const Result<Value> value = parse_json(text);
    if (!value) return bad(value.error().message);
    Members members(*value);
    std::string verb;
    members.take("verb", verb);
    Request request;
    if (verb == "report") {
        ReportRequest report;
        members.take_number("percent", report.percent);
        members.take("note", report.note);
        if (value->find("state") != nullptr) {
            members.take_word("state", report.state.emplace(), ProgressState::verifying);
        }
        request = std::move(report);
    } else if (verb == "ask") {
        AskRequest question;
        members.take_word("kind", question.kind, RequestKind::input);
        members.take("question", question.question);
        members.take("detail", question.detail);
        members.take("key", question.key);
        members.take_duration("expires_seconds", question.expires_after);
        request = std::move(question);
    } else if (verb == "create") {
        request = read_create(members);
    } else {
        return bad("it asks for something else than report, ask and create");
    }
    const std::string wrong = members.wrong();
    if (!wrong.empty()) return bad(wrong);
    return request;
}

std::string write_answer(const Result<Answered>& answer) {
    Value value;
    if (!answer) {
        Value error;
        error.set("code", to_string(answer.error().code));
        error.set("message", answer.error().message);
        error.set("hint", answer.error().hint);
        value.set("error", std::move(error));
        return text_of(value);
    }
    value.set("request_id", answer->request.request_id);
    value.set("state", to_string(answer->request.state));
    value.set("text", answer->request.text);
    value.set("always", answer->request.always);
    if (answer->created) value.set("created", created_value(*answer->created));
    return text_of(value);
}

Result<Answered> read_answer(std::string_view text) {
    const Result<Value> value = parse_json(text);
    if (!value) return bad(value.error().message);
    Members members(*value);
    if (const Value* given = members.next("error")) {
        Error error;
        Members parts(*given);
        parts.take_word("code", error.code, last_error_code);
        parts.take("message", error.message);
        parts.take("hint", error.hint);
        members.absorb(parts);
        const std::string wrong = members.wrong();
        return wrong.empty() ? error : bad(wrong);
    }
    Answered answer;
    members.take("request_id", answer.request.request_id);
    members.take_word("state", answer.request.state, RequestState::withdrawn);
    members.take("text", answer.request.text);
    members.take("always", answer.request.always);
    if (const Value* created = members.next("created")) {
        answer.created = read_created(members, *created);
    }
    const std::string wrong = members.wrong();
    if (!wrong.empty()) return bad(wrong);
    return answer;
}

} // namespace loong::inside
