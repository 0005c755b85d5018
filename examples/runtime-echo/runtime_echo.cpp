/// The smallest runtime that is whole: its work is to write the task's text to the output.
#include <loong/plugin.hpp>

using namespace loong;

class EchoRuntime : public Runtime {
public:
    explicit EchoRuntime(const RuntimeSetup& /*setup*/) {}

    Result<void> check(const SessionSpec& spec) override {
        if (spec.work.kind == WorkKind::text) return {};
        return Error{ErrorCode::unsupported, "runtime-echo: it takes nothing but a text",
                     "give the text as one argument, without '--'"};
    }

    Result<Outcome> run(SessionContext& context) override {
        const std::string& text = context.spec().work.text;
        Result<void> written = context.write_output(OutputStream::standard_output, text);
        if (!written) return written.error();
        return Outcome{.kind = OutcomeKind::completed};
    }
};

LOONG_RUNTIME_PLUGIN(EchoRuntime, "runtime-echo", "1.0.0")
