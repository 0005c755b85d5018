// A shared library that is no plugin.
extern "C" __attribute__((visibility("default"))) const int unrelated_v1;
const int unrelated_v1 = 1;
