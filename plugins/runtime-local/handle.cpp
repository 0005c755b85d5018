#include "handle.hpp"

#include <boost/json.hpp>

namespace loong::local {

std::string format_handle(const Handle& handle) {
    const boost::json::object object{
        {"format", 1},
        {"boot_id", handle.boot_id},
        {"command", handle.command_id},
        {"keeper_pid", handle.keeper.pid},
        {"keeper_start_time", handle.keeper.start_time},
        {"step", handle.step},
        {"attempt", handle.attempt},
        {"started_at_boot_us", handle.started_at},
    };
    return boost::json::serialize(object);
}

std::optional<Handle> parse_handle(std::string_view text) {
    try {
        const boost::json::value parsed = boost::json::parse(text);
        const boost::json::object& object = parsed.as_object();
        if (object.at("format").to_number<int>() != 1) return std::nullopt;
        Handle handle;
        handle.boot_id = object.at("boot_id").as_string();
        handle.command_id = object.at("command").as_string();
        handle.keeper.pid = object.at("keeper_pid").to_number<pid_t>();
        handle.keeper.start_time = object.at("keeper_start_time").to_number<std::uint64_t>();
        handle.step = object.at("step").to_number<int>();
        handle.attempt = object.at("attempt").to_number<int>();
        handle.started_at = object.at("started_at_boot_us").to_number<std::int64_t>();
        return handle;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

} // namespace loong::local
