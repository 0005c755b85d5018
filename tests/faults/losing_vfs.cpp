#include "losing_vfs.hpp"

#include <cstring>
#include <new>

namespace loong::store_common {

/// What SQLite holds of an open file: this, and behind it what the real layer holds.
struct LosingVfs::File {
    sqlite3_file base;
    LosingVfs* vfs;
    /// Empty where the file is none of those that are remembered.
    std::string* path;

    static File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
    static sqlite3_file* real(sqlite3_file* file) {
        return reinterpret_cast<sqlite3_file*>(of(file) + 1);
    }
};

struct LosingVfs::Methods {
    static LosingVfs& self(sqlite3_vfs* vfs) { return *static_cast<LosingVfs*>(vfs->pAppData); }

    static int fail(LosingVfs& vfs, Change change, const std::string& path) {
        return vfs.failure ? vfs.failure(change, path) : SQLITE_OK;
    }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
        LosingVfs& own = self(vfs);
        file->pMethods = nullptr;
        const bool known = name != nullptr && own.files_->remembers(name);
        const int code = own.real_->xOpen(own.real_, name, File::real(file), flags, out);
        if (code != SQLITE_OK) return code;
        if (known) own.files_->note_opened(name);
        File::of(file)->vfs = &own;
        File::of(file)->path = new std::string(known ? name : "");
        file->pMethods = &methods;
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
        LosingVfs& own = self(vfs);
        if (own.files_->remembers(name)) {
            if (const int code = fail(own, Change::remove, name); code != SQLITE_OK) return code;
            own.files_->note_removed(name, sync_directory != 0 && !own.forgets_syncs);
        }
        return own.real_->xDelete(own.real_, name, sync_directory);
    }

    static int close(sqlite3_file* file) {
        delete File::of(file)->path;
        return File::real(file)->pMethods->xClose(File::real(file));
    }
    static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
        return File::real(file)->pMethods->xRead(File::real(file), to, size, offset);
    }
    static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
        const File& own = *File::of(file);
        if (!own.path->empty()) {
            if (const int code = fail(*own.vfs, Change::write, *own.path); code != SQLITE_OK)
                return code;
            own.vfs->files_->note_written(
                *own.path, {static_cast<const char*>(from), static_cast<std::size_t>(size)},
                offset);
        }
        return File::real(file)->pMethods->xWrite(File::real(file), from, size, offset);
    }
    static int truncate(sqlite3_file* file, sqlite3_int64 size) {
        const File& own = *File::of(file);
        if (!own.path->empty()) {
            if (const int code = fail(*own.vfs, Change::truncate, *own.path); code != SQLITE_OK)
                return code;
            own.vfs->files_->note_truncated(*own.path, size);
        }
        return File::real(file)->pMethods->xTruncate(File::real(file), size);
    }
    static int sync(sqlite3_file* file, int flags) {
        const File& own = *File::of(file);
        if (!own.path->empty()) {
            if (const int code = fail(*own.vfs, Change::sync, *own.path); code != SQLITE_OK)
                return code;
            if (!own.vfs->forgets_syncs) own.vfs->files_->note_synced(*own.path);
        }
        return File::real(file)->pMethods->xSync(File::real(file), flags);
    }
    static int size(sqlite3_file* file, sqlite3_int64* size) {
        return File::real(file)->pMethods->xFileSize(File::real(file), size);
    }
    static int lock(sqlite3_file* file, int level) {
        return File::real(file)->pMethods->xLock(File::real(file), level);
    }
    static int unlock(sqlite3_file* file, int level) {
        return File::real(file)->pMethods->xUnlock(File::real(file), level);
    }
    static int reserved(sqlite3_file* file, int* out) {
        return File::real(file)->pMethods->xCheckReservedLock(File::real(file), out);
    }
    static int control(sqlite3_file* file, int what, void* argument) {
        return File::real(file)->pMethods->xFileControl(File::real(file), what, argument);
    }
    static int sector(sqlite3_file* file) {
        return File::real(file)->pMethods->xSectorSize(File::real(file));
    }
    static int device(sqlite3_file* file) {
        return File::real(file)->pMethods->xDeviceCharacteristics(File::real(file));
    }
    static int shared_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
        return File::real(file)->pMethods->xShmMap(File::real(file), page, size, extend, out);
    }
    static int shared_lock(sqlite3_file* file, int offset, int count, int flags) {
        return File::real(file)->pMethods->xShmLock(File::real(file), offset, count, flags);
    }
    static void shared_barrier(sqlite3_file* file) {
        File::real(file)->pMethods->xShmBarrier(File::real(file));
    }
    static int shared_unmap(sqlite3_file* file, int remove_it) {
        return File::real(file)->pMethods->xShmUnmap(File::real(file), remove_it);
    }

    static constexpr sqlite3_io_methods methods = {
        2,           close,          read,         write,   truncate, sync,   size,
        lock,        unlock,         reserved,     control, sector,   device, shared_map,
        shared_lock, shared_barrier, shared_unmap, nullptr, nullptr};
};

LosingVfs::LosingVfs(LosingFiles& files)
    : files_(&files),
      real_(sqlite3_vfs_find(nullptr)),
      own_(*real_) {
    own_.zName = "losing";
    own_.pNext = nullptr;
    own_.pAppData = this;
    own_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    own_.xOpen = Methods::open;
    own_.xDelete = Methods::remove;
    sqlite3_vfs_register(&own_, 1);
}

LosingVfs::~LosingVfs() {
    sqlite3_vfs_register(real_, 1);
    sqlite3_vfs_unregister(&own_);
}

} // namespace loong::store_common
