#include "exit_record.hpp"

#include "keeper/protocol.hpp"
#include "system.hpp"
#include <loong/output_files.hpp>

#include <boost/json.hpp>

namespace loong::local {
namespace {

std::int64_t number(const boost::json::object& object, const char* key) {
    const boost::json::value* found = object.if_contains(key);
    if (found == nullptr) return 0;
    boost::system::error_code failed;
    const auto result = found->to_number<std::int64_t>(failed);
    return failed ? 0 : result;
}

bool flag(const boost::json::object& object, const char* key) {
    const boost::json::value* found = object.if_contains(key);
    return found != nullptr && found->is_bool() && found->get_bool();
}

std::string text_of(const boost::json::object& object, const char* key) {
    const boost::json::value* found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
}

} // namespace

std::optional<ExitRecord> parse_exit_record(std::string_view text) {
    boost::system::error_code failed;
    const boost::json::value parsed = boost::json::parse(text, failed);
    if (failed || !parsed.is_object()) return std::nullopt;
    const boost::json::object& object = parsed.get_object();
    ExitRecord record;
    record.command_id = text_of(object, "command");
    record.not_started = text_of(object, "not_started");
    if (object.contains("exit_code")) {
        record.exit_code = static_cast<int>(number(object, "exit_code"));
    }
    if (object.contains("signal")) record.signal = static_cast<int>(number(object, "signal"));
    if (number(object, "format") != 1 || record.command_id.empty() ||
        (!record.exit_code && !record.signal && record.not_started.empty())) {
        return std::nullopt;
    }
    record.error_number = static_cast<int>(number(object, "errno"));
    record.started_at = Time(Microseconds(number(object, "started_at_us")));
    record.ended_at = Time(Microseconds(number(object, "ended_at_us")));
    record.asked = flag(object, "asked");
    record.forced = flag(object, "forced");
    record.use.user_cpu = Microseconds(number(object, "user_cpu_us"));
    record.use.system_cpu = Microseconds(number(object, "system_cpu_us"));
    record.use.max_resident_bytes =
        static_cast<std::uint64_t>(number(object, "max_resident_bytes"));
    record.dropped_bytes = static_cast<std::uint64_t>(number(object, "stdout_dropped") +
                                                      number(object, "stderr_dropped"));
    record.output_error = static_cast<int>(number(object, "output_errno"));
    record.left_behind = static_cast<int>(number(object, "left_behind"));
    return record;
}

Result<std::optional<ExitRecord>> read_exit_record(const std::string& directory,
                                                   std::string_view command_id) {
    auto content = read_file(directory + "/" + exit_record_file_name, 4 * keeper::packet_limit);
    if (!content) return std::move(content).error();
    if (!content->has_value()) return std::optional<ExitRecord>();
    std::optional<ExitRecord> record = parse_exit_record(**content);
    if (record && record->command_id != command_id) record.reset();
    return record;
}

} // namespace loong::local
