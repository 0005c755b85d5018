#include "json_writer.hpp"
#include "plugin_project.hpp"
#include "text.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

class PluginsNew final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("runtime|store NAME", 2);
        table.value("--dir", "DIR", directory_, "where to make it (default: here)");
        table.note("Writes a project that builds and passes: the plugin, its tests, a README. "
                   "Nothing that is there is overwritten.");
        table.example("loong plugins new runtime demo");
        table.exit_codes("0 done, 2 failure, 5 there is one already");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.size() != 2) {
            return Error{ErrorCode::invalid_argument,
                         "loong plugins new: it needs a kind and a name",
                         "for example: loong plugins new runtime demo"};
        }
        const PluginProject project{invocation.words[0], invocation.words[1],
                                    directory_.value_or("")};
        Result<WrittenProject> written = write_plugin_project(project);
        if (!written) return std::move(written).error();
        if (invocation.globals.json) {
            Value answer = invocation.header(nullptr);
            answer.set("id", project.id());
            answer.set("kind", project.kind);
            answer.set("directory", written->directory);
            answer.set("files", Value::Array(written->files.begin(), written->files.end()));
            invocation.out.print(to_json(answer));
        } else if (invocation.globals.quiet) {
            invocation.out.print(written->directory + "\n");
        } else {
            invocation.out.print(text(project, *written));
        }
        return ExitCode::done;
    }

private:
    static std::string text(const PluginProject& project, const WrittenProject& written) {
        const std::string directory = shell_quote(written.directory);
        std::string text = escape_controls(written.directory) + "\n";
        for (const std::string& file : written.files) text += "    " + file + "\n";
        return text + "\nnext\n    cmake -S " + directory + " -B " + directory +
               "/build\n    cmake --build " + directory + "/build\n    ctest --test-dir " +
               directory + "/build\n    loong plugins check " + directory + "/build/" +
               project.id() + ".so\n";
    }

    std::optional<std::string> directory_;
};

} // namespace

std::unique_ptr<Verb> make_plugins_new() { return std::make_unique<PluginsNew>(); }

} // namespace loong::cli
