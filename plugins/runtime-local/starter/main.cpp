/// loong-starter: started by runtimes, through loong/kept_process.hpp, never by hand.

#include "answers.hpp"
#include "start.hpp"

#include <charconv>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace {

using namespace loong;

std::int64_t number_of(const std::string& text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string to_text(const Error& error) {
    return std::string(to_string(error.code)) + "\n" + error.message + "\n" + error.hint + "\n";
}

Result<std::string> answer(const std::vector<std::string>& words) {
    if (words[0] == "enforcement") return starter::enforcement();
    if (words[0] == "look" && words.size() == 4) {
        return starter::look(words[1], words[2], number_of(words[3]));
    }
    if (words[0] == "end" && words.size() == 4) {
        return starter::end(words[1], words[2], number_of(words[3]));
    }
    return Error{ErrorCode::invalid_argument, "loong-starter: it is started by runtimes only", {}};
}

int work(const std::vector<std::string>& words) {
    if (words[0] == "start" && words.size() == 2) {
        const std::string packet = "x" + to_text(starter::become_keeper(words[1]));
        ::send(starter::control_descriptor, packet.data(), packet.size(), MSG_NOSIGNAL);
        return 1;
    }
    const Result<std::string> said = answer(words);
    std::cout << (said ? *said : "refused\n" + to_text(said.error())) << std::flush;
    return said ? 0 : 1;
}

} // namespace

int main(int count, char** arguments) {
    try {
        // All signals are blocked from the start, as a keeper wants to have it.
        const std::vector<std::string> words(arguments + 1, arguments + count);
        return work(words.empty() ? std::vector<std::string>{""} : words);
    } catch (const std::exception& caught) {
        std::cerr << "loong-starter: " << caught.what() << '\n';
        return 2;
    }
}
