// The library part of Boost.JSON, for use inside shared libraries too: the distribution's archive cannot
// be.

#include <boost/json/src.hpp>
